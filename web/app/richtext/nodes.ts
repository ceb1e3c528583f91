// What a message's text can become. The list is closed: whatever is not here stays plain text, so
// no markup of a stranger's ever reaches the page as HTML.

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'code'; text: string }
  | { type: 'strong' | 'em' | 'del'; children: Inline[] }
  /** Hidden until the reader asks for it. */
  | { type: 'spoiler'; children: Inline[] }
  /** `host` is set where the text is the writer's own words, so that the reader sees where it leads. */
  | { type: 'link'; href: string; text: string; host: string | null }
  | { type: 'mention'; username: string }

export type Block =
  | { type: 'paragraph'; children: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'quote'; children: Block[] }
  | { type: 'list'; ordered: boolean; start: number; items: Inline[][] }
