// Dialogs that are made when they are asked for, and gone when they are closed: so each opens again.
import type { Component } from 'vue'

interface Dialog {
  key: number
  component: Component
  props: object
  open: boolean
  answer: (value: unknown) => void
}
type Props<T> = T extends abstract new (...args: never[]) => { $props: infer P } ? P : object

/** Those that are there: open, or on their way out. */
export const dialogs = shallowReactive<Dialog[]>([])
let keys = 0

export function useDialogs() {
  /** Answers with what the dialog is closed with. */
  return <T extends Component>(component: T, props: Props<T>): Promise<unknown> =>
    new Promise((answer) => {
      dialogs.push(
        shallowReactive({ key: keys++, component, props: props as object, open: true, answer }),
      )
    })
}
