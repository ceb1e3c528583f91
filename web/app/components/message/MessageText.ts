// A message's text on the page. The tree of `richtext` becomes elements one by one: there is no
// HTML string on the way, so nothing that is written can become markup.
import { defineComponent, h, type PropType, type VNode } from 'vue'
import { parseBlocks } from '~/richtext/blocks'
import type { Block, Inline } from '~/richtext/nodes'
import { isEmoji } from '~/richtext/plain'
import MessageSpoiler from './MessageSpoiler'

const CODE = 'rounded bg-current/10 px-1 py-0.5 font-mono text-[0.9em]'
const LINK = 'underline decoration-current/40 underline-offset-2 hover:decoration-current'

/** Whom a text names: those who were meant when it was sent, and the reader. */
interface Named {
  readonly usernames: ReadonlySet<string>
  readonly self: string | undefined
}

function inline(nodes: Inline[], named: Named): (VNode | string)[] {
  return nodes.map((node) => {
    switch (node.type) {
      case 'text':
        return node.text
      case 'code':
        return h('code', { class: CODE }, node.text)
      case 'spoiler':
        return h(MessageSpoiler, { hidden: node.children }, () => inline(node.children, named))
      case 'mention':
        return mention(node.username, named)
      case 'link':
        return h(
          'a',
          { href: node.href, target: '_blank', rel: 'noopener noreferrer nofollow', class: LINK },
          [
            h('bdi', node.text),
            ...(node.host ? [h('bdi', { class: 'ms-1 opacity-80' }, `(${node.host})`)] : []),
          ],
        )
      default:
        return h(node.type, inline(node.children, named))
    }
  })
}

function mention(username: string, { usernames, self }: Named): VNode | string {
  if (!usernames.has(username)) return `@${username}`
  const own = username === self || username === 'all'
  const mark = own ? 'bg-highlight text-highlighted rounded px-0.5 font-semibold' : 'font-semibold'
  return h('bdi', { class: mark }, `@${username}`)
}

function block(node: Block, named: Named): VNode {
  switch (node.type) {
    case 'paragraph':
      return h('p', { dir: 'auto', class: 'whitespace-pre-wrap' }, inline(node.children, named))
    case 'code':
      return h(
        'pre',
        // What is wider than the bubble scrolls, and whoever has no mouse must be able to, too.
        {
          dir: 'ltr',
          tabindex: 0,
          class: 'scroll-quiet my-1 overflow-x-auto rounded-md bg-current/10 p-2 font-mono text-sm',
        },
        h('code', node.text),
      )
    case 'quote':
      return h(
        'blockquote',
        { class: 'my-0.5 border-s-2 border-current/40 ps-2 opacity-90' },
        node.children.map((child) => block(child, named)),
      )
    case 'list':
      return h(
        node.ordered ? 'ol' : 'ul',
        {
          dir: 'auto',
          class: ['ps-5', node.ordered ? 'list-decimal' : 'list-disc'],
          ...(node.ordered && { start: node.start }),
        },
        node.items.map((item) => h('li', inline(item, named))),
      )
  }
}

/**
 * Keeps the bubble's corner free for its time: beside the last line, or below it in a line that is
 * no higher than the time. It floats to the page's end, wherever the text itself ends.
 */
const SPACER =
  'tabular invisible float-right ml-2 h-4 pr-1 text-xs [html[dir=rtl]_&]:float-left [html[dir=rtl]_&]:mr-2 [html[dir=rtl]_&]:ml-0'

function withRoom(nodes: VNode[], room: string): VNode[] {
  if (!room) return nodes
  const last = nodes.at(-1)
  return last?.type === 'p' && Array.isArray(last.children)
    ? [
        ...nodes.slice(0, -1),
        h('p', last.props, [
          ...last.children,
          h('span', { class: SPACER, 'aria-hidden': 'true' }, room),
        ]),
      ]
    : [...nodes, h('p', { class: 'h-4' })]
}

export default defineComponent({
  props: {
    body: { type: String, required: true },
    /** Whom it names, and nobody else of whom it seems to. */
    names: { type: Array as PropType<string[]>, default: () => [] },
    /** The reader's own username: a mention of it stands out. */
    self: { type: String, default: undefined },
    /** As wide as what stands in the corner. */
    room: { type: String, default: '' },
  },
  setup(props) {
    const named = computed(() => ({ usernames: new Set(props.names), self: props.self }))
    const blocks = computed(() => parseBlocks(props.body))
    return () =>
      isEmoji(props.body)
        ? h('p', { class: 'pt-1 pb-5 text-4xl leading-tight' }, props.body)
        : h(
            'div',
            { class: 'flow-root min-w-0' },
            withRoom(
              blocks.value.map((node) => block(node, named.value)),
              props.room,
            ),
          )
  },
})
