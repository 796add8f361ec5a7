import type { InjectionKey } from 'vue'

/** Given where there is room for whole passages side by side. */
export const roomyKey: InjectionKey<boolean> = Symbol('roomy')
