/** Puts on the page's root how this device likes it; before there are scripts, the server's line does. */
export function useLooks() {
  const ui = useUi()
  watchEffect(() => {
    Object.assign(document.documentElement.dataset, { density: ui.density, text: ui.textSize })
  })
}
