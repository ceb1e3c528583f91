/** Icons of the client's own components: those of the build, without what Nuxt UI puts around them. */
export { default } from '~/icons/BuildIcon'
