/// <reference types="vite-plugin-pwa/vanillajs" />
export default defineNuxtPlugin(() => onNuxtReady(() => void useVersion().begin()))
