/**
 * What is heard: one sound at a time, whichever message it is in, as long as its conversation is
 * open; and what each looks like. The row of a message comes and goes while one scrolls, and the
 * sound goes on.
 */
import { download } from '~/api/download'
import { ApiError } from '~/api/error'
import type { Attachment } from '~/api/wire'
import { DECODED_BYTES_MAX, shapeOf, type Shape } from '~/sound/decode'

const SPEEDS = [1, 1.5, 2]

export const useSounds = defineStore('sounds', () => {
  const files = useFiles()
  const session = useSession()

  /** Which one is in the player. */
  const current = ref<string | null>(null)
  const playing = ref(false)
  /** Where in it, in seconds. */
  const at = ref(0)
  /** How long it lasts, as soon as the player knows; it never does of what a recorder wrote. */
  const seconds = ref<number | null>(null)
  /** Those that could not be played. */
  const failed = reactive(new Set<string>())
  const shapes = shallowReactive(new Map<string, Shape>())
  const speed = useLocalStorage('warren.speed', SPEEDS[0] ?? 1)

  const player = new Audio()
  player.ontimeupdate = () => (at.value = player.currentTime)
  player.ondurationchange = () => {
    seconds.value = Number.isFinite(player.duration) ? player.duration : null
  }
  player.onplay = player.onpause = () => (playing.value = !player.paused)
  player.onended = () => {
    playing.value = false
    at.value = player.currentTime = 0
  }
  watchEffect(() => (player.defaultPlaybackRate = player.playbackRate = speed.value))

  // What cannot be seen any more, nobody could end.
  useRouter().afterEach((to, from) => {
    if (to.path !== from.path) stop()
  })
  watch(
    () => session.userId,
    () => shapes.clear(),
  )

  // Its address has ended, or it is broken: the next time it begins anew.
  player.onerror = stop

  /** Puts it into the player; answers whether it is still there when that is done. */
  async function take({ id }: Attachment): Promise<boolean> {
    if (current.value === id) return true
    stop()
    current.value = id
    try {
      const address = await files.fresh(id)
      if (!address) throw new ApiError('not_found', 404)
      if (current.value === id) player.src = address.url
    } catch (thrown) {
      if (current.value === id) stop()
      throw thrown
    }
    return current.value === id
  }

  /** Begins it, or lets it wait. Throws an `ApiError` if it cannot be fetched. */
  async function toggle(file: Attachment) {
    if (current.value === file.id && !player.paused) return player.pause()
    failed.delete(file.id)
    if (await take(file)) await player.play().catch((thrown) => refused(file, thrown))
  }

  function refused({ id }: Attachment, { name }: DOMException) {
    // It was told to wait before it had begun.
    if (name === 'AbortError') return
    stop()
    failed.add(id)
  }

  async function seek(file: Attachment, seconds: number) {
    if (await take(file)) at.value = player.currentTime = seconds
  }

  function stop() {
    player.pause()
    player.removeAttribute('src')
    current.value = null
    seconds.value = null
    at.value = 0
  }

  const faster = () => {
    speed.value = SPEEDS[(SPEEDS.indexOf(speed.value) + 1) % SPEEDS.length] ?? 1
  }

  let last = Promise.resolve()
  /** Looks at it, one after the other: what is large, or of a strange format, has no shape. */
  function look(file: Attachment) {
    if (file.size > DECODED_BYTES_MAX) return
    last = last.then(() => measure(file)).catch(() => undefined)
  }

  async function measure({ id }: Attachment) {
    if (shapes.has(id)) return
    const address = await files.fresh(id)
    if (!address) return
    shapes.set(id, await shapeOf(await download(address.url, new AbortController().signal)))
  }

  return { current, playing, at, seconds, failed, shapes, speed, toggle, seek, stop, faster, look }
})
