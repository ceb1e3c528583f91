// Whether somebody is signed in, for pages that the server renders: it does not know, so that the
// first look is that of a stranger, and the truth follows once the page lives.
export function useSignedInHere() {
  const session = useSession()
  const mounted = ref(false)
  onMounted(() => (mounted.value = true))
  return computed(() => mounted.value && session.signedIn)
}
