// Dialogs that are made when they are asked for, and gone when they are closed: so each opens again.
import type { Component } from 'vue'

export function useDialogs() {
  const overlays = useOverlay()

  return <T extends Component>(
    component: T,
    props: Parameters<ReturnType<typeof overlays.create<T>>['open']>[0],
  ) => overlays.create(component, { destroyOnClose: true }).open(props)
}
