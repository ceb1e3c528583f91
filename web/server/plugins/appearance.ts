/**
 * Puts on the root of a page how the device likes it, before the first line is drawn; from then on
 * `useLooks` does. Plugins run by their names: the policy's comes later, and gives it its nonce.
 */
import { LOOKS_KEYS } from '#shared/looks'

const SCRIPT = `<script>try{for(const[k,v]of Object.entries(${JSON.stringify(LOOKS_KEYS)})){const s=localStorage.getItem(v);if(s)document.documentElement.dataset[k]=s}}catch{}</script>`

export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('render:html', (html) => {
    html.head.unshift(SCRIPT)
  })
})
