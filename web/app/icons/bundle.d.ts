/** Written by Nuxt Icon from the names that it finds in `app/` and those of `nuxt.config.ts`. */
declare module '#build/nuxt-icon-client-bundle' {
  export interface IconShape {
    body: string
    width: number
    height: number
  }
  /** Tells each icon, the first time that it is called. */
  export function init(add: (name: string, shape: IconShape) => void): void
}
