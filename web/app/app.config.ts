export default defineAppConfig({
  ui: {
    colors: { primary: 'indigo', neutral: 'slate' },
    // Where tabs scroll sideways, the line under the chosen one would be cut off.
    tabs: {
      compoundVariants: [
        { variant: 'link', orientation: 'horizontal', class: { indicator: 'bottom-0 h-0.5' } },
      ],
    },
    // What floats is the lighter, the nearer it is.
    dropdownMenu: { slots: { content: 'bg-theirs' } },
    popover: { slots: { content: 'bg-theirs' } },
    select: { slots: { content: 'bg-theirs' } },
    selectMenu: { slots: { content: 'bg-theirs' } },
    toast: { slots: { root: 'bg-theirs' } },
    // What can be chosen is seen before it is.
    radioGroup: { slots: { base: 'ring-edge' } },
    checkbox: { slots: { base: 'ring-edge' } },
    // What stands in a dialog begins where its title does, a row of a list as well.
    modal: {
      slots: { header: 'sm:px-4', body: 'sm:p-4', footer: 'sm:px-4' },
      variants: { overlay: { true: { overlay: 'bg-black/50' } } },
    },
    // What cannot be switched now can still be read: the switch itself is faint enough.
    switch: {
      slots: {
        // What a finger needs above a label is no room between two.
        root: 'pointer-coarse:-mt-3',
        // A knob is seen on its ground, on or off, in both themes.
        base: 'data-[state=unchecked]:bg-badge-quiet dark:data-[state=checked]:bg-indigo-500',
        thumb: 'bg-white',
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
