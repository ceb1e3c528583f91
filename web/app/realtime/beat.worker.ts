/** A clock for tabs in the background, whose own timers a browser slows down to one a minute. */
let timer: ReturnType<typeof setInterval> | undefined

self.onmessage = ({ data }: MessageEvent<number>) => {
  clearInterval(timer)
  timer = setInterval(() => self.postMessage(null), data)
}
