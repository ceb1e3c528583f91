// How a device likes its pages, as it is kept and as the root of each page says it.

/** By the name of the root's data attribute: the key under which a browser keeps it. */
export const LOOKS_KEYS = { density: 'warren.density', text: 'warren.text-size' } as const

export const DENSITIES = ['comfortable', 'compact'] as const
export type Density = (typeof DENSITIES)[number]

export const TEXT_SIZES = ['small', 'normal', 'large'] as const
export type TextSize = (typeof TEXT_SIZES)[number]
