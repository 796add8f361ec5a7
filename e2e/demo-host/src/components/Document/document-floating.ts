import type { InjectionKey, Ref } from 'vue'

/** The element of the left column that takes a document's cards. */
export const FLOATING: InjectionKey<Ref<HTMLElement | null>> = Symbol('floating')
