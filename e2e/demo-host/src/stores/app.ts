import { defineStore } from 'pinia'
import { ref } from 'vue'

/** Room for the sidebar beside the result list and a document. */
const SIDEBAR_MIN_WIDTH = 1200

export const useAppStore = defineStore('app', () => {
  const sidebar = ref({ closed: window.innerWidth < SIDEBAR_MIN_WIDTH })
  return { sidebar }
})
