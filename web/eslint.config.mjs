import prettier from 'eslint-config-prettier'
import withNuxt from './.nuxt/eslint.config.mjs'

export default withNuxt(
    {
        ignores: ['app/api/schema.d.ts'],
    },
    {
        files: ['**/*.{ts,vue}'],
        rules: {
            'no-console': 'error',
            eqeqeq: ['error', 'always'],
            '@typescript-eslint/no-explicit-any': 'error',
            '@typescript-eslint/no-non-null-assertion': 'error',
            // What people write is rendered by the allow-list alone.
            'vue/no-v-html': 'error',
            // Every word has a key; signs that are the same in each language need none.
            'vue/no-bare-strings-in-template': [
                'error',
                { allowlist: ['·', '@', '#', ':', '…', '+', '&#8203;', '\u200b', '/'] },
            ],
        },
    },
    {
        // The seam: components ask stores and composables, which ask the network and the disk.
        files: ['app/{components,layouts,pages}/**/*.{ts,vue}'],
        rules: {
            'no-restricted-imports': [
                'error',
                {
                    patterns: [
                        {
                            group: ['~/api/client', '~/realtime/*', '~/db/*'],
                            message: 'Ask a store or a composable.',
                        },
                    ],
                },
            ],
            'no-restricted-globals': ['error', 'fetch', 'WebSocket', 'indexedDB', 'localStorage'],
        },
    },
    prettier,
)
