/** Continues the session of this browser, and brings the engine once somebody is signed in. */
export default defineNuxtPlugin((nuxtApp) => {
  const session = useSession()
  session.restore()
  until(() => session.signedIn)
    .toBe(true)
    .then(async () => {
      const { followSession } = await import('~/realtime/engine')
      nuxtApp.runWithContext(followSession)
    })
})
