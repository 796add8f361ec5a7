import { markRaw, type Component, type InjectionKey } from 'vue'
import FallbackButton from '../components/fallback/FallbackButton.vue'
import FallbackCard from '../components/fallback/FallbackCard.vue'
import { injected, type Core } from './core.ts'

/** Datashare's own components, so that ours look and behave like the page around them. */
export interface HostComponents {
  readonly ButtonIcon: Component
  readonly CardPanel: Component
  readonly UserActionsEntry: Component
}

const paths: Record<keyof HostComponents, string> = {
  ButtonIcon: 'Button/ButtonIcon',
  CardPanel: 'CardPanel/CardPanel',
  UserActionsEntry: 'Document/DocumentUser/DocumentUserActions/DocumentUserActionsEntry',
}

export const hostComponentsKey: InjectionKey<HostComponents> = Symbol('datashare components')

/**
 * Loads them before any hook is registered: an asynchronous setup makes a hooked component vanish on small screens.
 * Their paths are no public interface of Datashare, so one that is missing or fails is replaced by plain HTML.
 */
export async function loadHostComponents(core: Core): Promise<HostComponents> {
  const find = async (name: keyof HostComponents, fallback: Component): Promise<Component> => {
    const found = await core.findComponent(paths[name]).catch(() => null)
    return markRaw(found ?? fallback)
  }
  const [ButtonIcon, CardPanel, UserActionsEntry] = await Promise.all([
    find('ButtonIcon', FallbackButton),
    find('CardPanel', FallbackCard),
    find('UserActionsEntry', FallbackButton),
  ])
  return { ButtonIcon, CardPanel, UserActionsEntry }
}

export function useHostComponents(): HostComponents {
  return injected(hostComponentsKey)
}
