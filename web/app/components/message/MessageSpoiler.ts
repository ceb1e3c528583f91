// A part of a message that the reader asks for. Until then its room is kept, and nothing is in it
// that can be read, marked, searched or reached.
import { defineComponent, h, type PropType } from 'vue'
import type { Inline } from '~/richtext/nodes'
import { inlineText } from '~/richtext/plain'

const EDGES = 'forced-edge rounded px-0.5 box-decoration-clone transition-colors'

export default defineComponent({
  props: { hidden: { type: Array as PropType<Inline[]>, required: true } },
  setup(props, { slots }) {
    const { t } = useI18n()
    const voice = useVoice()
    const open = ref(false)
    const words = computed(() => inlineText(props.hidden, null))
    // An edit may hide something else.
    watch(words, () => (open.value = false))

    function show(event: Event) {
      event.preventDefault()
      event.stopPropagation()
      open.value = true
      voice.say(words.value)
    }
    const onKeydown = (event: KeyboardEvent) => {
      if (event.key === 'Enter' || event.key === ' ') show(event)
    }

    return () =>
      open.value
        ? // It keeps the focus that it had as a button.
          h(
            'span',
            { key: 'spoiler', tabindex: -1, class: [EDGES, 'bg-current/10'] },
            slots.default?.(),
          )
        : h(
            'span',
            {
              key: 'spoiler',
              role: 'button',
              tabindex: 0,
              class: [EDGES, 'cursor-pointer bg-current/75 hover:bg-current/60'],
              'aria-label': t('message.spoiler_show'),
              title: t('message.spoiler_show'),
              onClick: show,
              onKeydown,
            },
            h(
              'span',
              { class: 'invisible', 'aria-hidden': 'true', inert: true },
              slots.default?.(),
            ),
          )
  },
})
