/**
 * An icon of the build. All of them are there before the first paint, on the server and in the
 * browser; so nothing is left of what Nuxt Icon has to fetch icons while the page runs, which was a
 * tenth of the first load. It stands in the place of that by an alias (`nuxt.config.ts`).
 */
import { init, type IconShape } from '#build/nuxt-icon-client-bundle'

const shapes = new Map<string, IconShape>()
init((name, shape) => shapes.set(name, shape))

/** As the build calls it: `lucide:bell` for `i-lucide-bell`. */
const key = (name: string) => name.replace(/^i-(lucide)-/, '$1:')

export default defineComponent({
  name: 'BuildIcon',
  props: { name: { type: String, required: true } },
  setup(props) {
    return () => {
      const shape = shapes.get(key(props.name))
      if (!shape) return null
      return h('svg', {
        xmlns: 'http://www.w3.org/2000/svg',
        'aria-hidden': 'true',
        width: '1em',
        height: '1em',
        viewBox: `0 0 ${shape.width} ${shape.height}`,
        innerHTML: shape.body,
      })
    }
  },
})
