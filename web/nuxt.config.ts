import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { SHELL_PATHS, SHELL_URL } from './shared/shell'

// The whole client is built here; nothing is fetched from another host, neither at build time nor in
// the browser: fonts and icons are bundled, telemetry is off.

/** Where `nuxt dev` finds the system: the front door that `make up` starts. */
const frontDoor = process.env.WARREN_DEV_FRONT_DOOR ?? 'http://localhost:8080'

/** Icons of those Nuxt UI components that are used: a scan of `app/` does not see them. */
const UI_ICONS = [
  'arrow-down',
  'arrow-up',
  'check',
  'chevron-down',
  'chevron-left',
  'chevron-right',
  'chevron-up',
  'ellipsis',
  'file',
  'loader-circle',
  'minus',
  'search',
  'upload',
  'x',
]

/** What every page of the shell needs: one file of it is smaller than its forty parts. */
const SHELL_MODULES = new RegExp(
  `/app/(${[
    '(realtime|db|timeline)/',
    'richtext/(length|(command|emoji|mention|word)Draft)\\.',
    'attention/forever\\.',
    'groups/sections',
    'files/(icon|layout|summary|voiceNote)\\.',
    'inside/links\\.',
    'layouts/app\\.',
    'pages/chats(|/\\[id\\])\\.vue(?!\\?macro)',
    'stores/(connection|conversations|drafts|files|composition|uploads|ui|quiet|menu|messages|presence|receipts|rooms|selection|typing)\\.',
    'composables/use(ChatActions|ChatName|QuietText|Dates|Timeline|Composer|Commands|MentionMenu|Message|Typing|ContextMenu|FileActions|Confirm|Draft|WordMenu|EmojiMenu|Looks|SenderName|ShownConversation|Shortcuts|TitleCount|Notifications)',
    'components/(shell|conversation|count|hint|typing|timeline)/',
    'components/composer/Composer(Attach|Box|Emoji|Field|Form|Mention|Menu)',
    'components/chats/Chats(List|Row|Preview|Filters)',
    'components/message/Message(Row|Quote|Toolbar|Reactions\\.)',
    'components/file/File(Card|Grid|List|Picture|Player)',
    'components/menu/MenuButton',
  ].join('|')})|/node_modules/(virtua|idb)/`,
)

/** What the shell shares with the page for strangers, which shows a conversation. */
const BUBBLE_MODULES = new RegExp(
  `/app/(${[
    'richtext/(blocks|inline|links|nodes|plain)\\.',
    'stores/voice',
    'components/message/Message(Bubble|Spoiler|Text|Ticks)',
  ].join('|')})`,
)

/** What it shares with the page of an invitation. */
const STATE_MODULES =
  /\/app\/(stores\/(groups|loadable|people)\.|composables\/useNotice|components\/state\/State(Empty|Error|Rows))/

/**
 * Libraries of every page: over HTTP/1.1 each file of its own waits for a connection. None of them
 * needs anything of the client, so their file never waits for another.
 */
const LIBRARY_MODULES = new RegExp(
  `/node_modules/(${[
    '@vue/(reactivity|runtime-core|runtime-dom|shared)',
    'defu|devalue|h3|hookable|nostics|pinia|ufo|unctx|vue|vue-router',
    'nuxt/dist/app/(nuxt|utils|diagnostics/[a-z_]+|composables/(router|error|state)|components/injections|compat/interval)\\.js',
    'reka-ui/dist/shared/createContext\\.js',
  ].join('|')})(/|$)|vite/preload-helper|nuxt\\.config\\.mjs$`,
)

/** Signing in and registering; not what the router must know of their pages before (`macro`). */
const FORM_MODULES =
  /\/app\/(pages\/(login|register)\.vue(?!\?macro)|layouts\/auth\.|components\/auth\/|forms\/)/

/** They only define; each is needed on few pages, and would be on all of them. */
const DEFINING_MODULES =
  /\/nuxt\/dist\/app\/(composables\/(asyncData|fetch|component|preview)|components\/nuxt-link|config)\.js$|\/app\.config\.mjs$/

const REPLACED_PLUGINS = [
  // By `palette.css`.
  '@nuxt/ui/dist/runtime/plugins/colors',
  // By `icons/BuildIcon.ts`.
  '@nuxt/icon/dist/runtime/plugin',
  // By `plugins/theme.client.ts`.
  'color-mode/dist/runtime/plugin.client',
  // By `usePageHead`, in the browser.
  'head/runtime/plugins/unhead.client',
  // By the links in `app.head`.
  'pwa-icons-plugin',
  // For robots that run scripts: what they come for is rendered by the server.
  'chunk-reload-crawler',
]

export default defineNuxtConfig({
  modules: ['@nuxt/ui', '@pinia/nuxt', '@vueuse/nuxt', '@vite-pwa/nuxt', '@nuxt/eslint'],
  // Components are named by their folder (`chat/Bubble.vue` is `<ChatBubble>`); data has no magic:
  // `realtime`, `db` and `api` are imported by name.
  imports: { dirs: ['stores', 'browser'] },
  devtools: { enabled: false },
  app: {
    head: {
      title: 'Warren',
      meta: [
        {
          name: 'viewport',
          // The keyboard of a phone shrinks the page, so that the composer stays above it.
          content:
            'width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content',
        },
      ],
      link: [
        { rel: 'icon', type: 'image/svg+xml', href: '/icon.svg' },
        { rel: 'apple-touch-icon', href: '/apple-touch-icon.png' },
        { rel: 'manifest', href: '/manifest.webmanifest' },
      ],
    },
  },
  css: ['~/assets/css/main.css'],
  // With the page: it is drawn as soon as it is there.
  features: { inlineStyles: true },
  // The looks of those components alone that are used.
  ui: { fonts: false, experimental: { componentDetection: true } },
  routeRules: Object.fromEntries(
    SHELL_PATHS.flatMap((path) => [path, `${path}/**`]).map((path) => [path, { ssr: false }]),
  ),
  compatibilityDate: '2026-11-01',
  nitro: { compressPublicAssets: { gzip: true, brotli: true } },
  alias: {
    // Nuxt UI takes its icons from here.
    '@nuxt/icon/runtime/components/index.js': fileURLToPath(
      new URL('app/icons/BuildIcon.ts', import.meta.url),
    ),
  },
  vite: {
    build: { reportCompressedSize: false },
    plugins: [
      {
        name: 'warren:defining-modules',
        transform: {
          filter: { id: DEFINING_MODULES },
          handler: (code: string) => ({ code, moduleSideEffects: false }),
        },
      },
    ],
    $client: {
      build: {
        rolldownOptions: {
          output: {
            codeSplitting: {
              includeDependenciesRecursively: false,
              groups: [
                { name: 'libraries', test: LIBRARY_MODULES },
                { name: 'forms', test: FORM_MODULES },
                { name: 'shell', test: SHELL_MODULES },
                { name: 'bubble', test: BUBBLE_MODULES },
                { name: 'state', test: STATE_MODULES },
              ],
            },
          },
        },
      },
    },
    // No component here, and none of the libraries', is written in this older way.
    define: { __VUE_OPTIONS_API__: 'false' },
  },
  vue: { compilerOptions: { isCustomElement: (tag) => tag === 'emoji-picker' } },
  typescript: { strict: true },
  telemetry: false,
  experimental: {
    componentIslands: false,
    // No page is rendered ahead, so none has data of its own to fetch.
    payloadExtraction: false,
    // The service worker asks for new versions.
    appManifest: false,
  },
  eslint: { config: { stylistic: false } },
  // Styles come with the page: none is written into it while it runs.
  colorMode: { disableTransition: false },
  hooks: {
    // What may come next is brought by the service worker, once the page has nothing to do.
    'build:manifest': (manifest) => {
      for (const file of Object.values(manifest)) file.prefetch = false
    },
    // Nobody asks with `$fetch` in a browser: the API has a client of its own.
    'app:templates': ({ templates }) => {
      const fetcher = templates.find(({ filename }) => filename === 'fetch.mjs')
      if (fetcher) fetcher.getContents = () => 'export const $fetch = globalThis.$fetch'
      // The server has its own; none of them is about what a browser does.
      const rules = templates.find(({ filename }) => filename === 'route-rules.mjs')
      if (rules) rules.getContents = () => 'export default () => ({})'
    },
    'app:resolve': (app) => {
      app.plugins = app.plugins.filter(
        ({ src }) => !REPLACED_PLUGINS.some((plugin) => src.includes(plugin)),
      )
    },
  },
  icon: {
    mode: 'svg',
    provider: 'none',
    fallbackToApi: false,
    serverBundle: { collections: ['lucide'] },
    clientBundle: {
      // Menus are made in composables: their icons are named in scripts.
      scan: {
        globInclude: ['**/*.{vue,ts}'],
        globExclude: ['**/node_modules/**', '**/.*/**', '**/*.{d,test}.ts'],
      },
      includeCustomCollections: true,
      sizeLimitKb: 256,
      icons: UI_ICONS.map((name) => `lucide:${name}`),
    },
  },
  pwa: {
    registerType: 'prompt',
    strategies: 'injectManifest',
    // Beside `app/`, from where it is looked for.
    srcDir: '../service-worker',
    filename: 'sw.ts',
    manifest: {
      name: 'Warren',
      short_name: 'Warren',
      display: 'standalone',
      start_url: SHELL_URL,
      theme_color: '#4f46e5',
      background_color: '#0f172a',
      icons: [
        { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
        { src: '/icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
        { src: '/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
        { src: '/icon-maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
      ],
    },
    injectManifest: {
      // And the texts of each language.
      globPatterns: ['**/*.{js,css,woff2,svg}', '_nuxt/{en,de}.*.json'],
      // Rendered by the server: of each build another one.
      additionalManifestEntries: [{ url: SHELL_URL, revision: randomUUID() }],
    },
    // `stores/version.ts` does that, later.
    client: { registerPlugin: false },
  },
  $development: {
    // As if it were served at the front door: same origin, cookies and sockets included.
    nitro: {
      devProxy: {
        '/v1': { target: `${frontDoor}/v1`, headers: { origin: frontDoor } },
        '/ws': { target: `${frontDoor}/ws`, ws: true, headers: { origin: frontDoor } },
      },
    },
  },
})
