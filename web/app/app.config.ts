export default defineAppConfig({
  ui: {
    colors: { primary: 'indigo', neutral: 'slate' },
    // Where tabs scroll sideways, the line under the chosen one would be cut off.
    tabs: {
      compoundVariants: [
        { variant: 'link', orientation: 'horizontal', class: { indicator: 'bottom-0 h-0.5' } },
      ],
    },
    modal: { variants: { overlay: { true: { overlay: 'bg-black/50' } } } },
    // What cannot be switched now can still be read: the switch itself is faint enough.
    switch: {
      slots: {
        container: 'pointer-coarse:h-11',
        label: 'touchable content-center',
        description: 'pointer-coarse:-mt-3',
      },
      variants: {
        disabled: { true: { root: 'opacity-100', base: 'cursor-not-allowed opacity-60' } },
      },
    },
  },
})
