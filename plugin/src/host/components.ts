import { markRaw, type Component, type InjectionKey } from 'vue'
import FallbackButton from '../components/fallback/FallbackButton.vue'
import FallbackCard from '../components/fallback/FallbackCard.vue'
import FallbackEntry from '../components/fallback/FallbackEntry.vue'
import FallbackNothing from '../components/fallback/FallbackNothing.vue'
import FallbackRowAction from '../components/fallback/FallbackRowAction.vue'
import FallbackTab from '../components/fallback/FallbackTab.vue'
import { COMPONENTS } from './contract.ts'
import { injected, type Core } from './core.ts'

type Name = keyof typeof COMPONENTS

/** Datashare's own components, so that ours look and behave like the page around them. */
export type HostComponents = Readonly<Record<Name, Component>>

const fallbacks: HostComponents = {
  ButtonIcon: FallbackButton,
  ButtonRowAction: FallbackRowAction,
  CardPanel: FallbackCard,
  PageHeader: FallbackNothing,
  SidebarEntry: FallbackEntry,
  TabEntry: FallbackTab,
  UserActionsEntry: FallbackButton,
}

export const hostComponentsKey: InjectionKey<HostComponents> = Symbol('datashare components')

/**
 * Loads them before any hook is registered: an asynchronous setup makes a hooked component vanish on small screens.
 * Their paths are no public interface of Datashare, so one that is missing or fails is replaced by plain HTML.
 */
export async function loadHostComponents(core: Core): Promise<HostComponents> {
  const load = async (name: Name): Promise<[Name, Component]> => {
    const found = await core.findComponent(COMPONENTS[name]).catch(() => null)
    return [name, markRaw(found ?? fallbacks[name])]
  }
  return Object.fromEntries(await Promise.all((Object.keys(COMPONENTS) as Name[]).map(load))) as HostComponents
}

export function useHostComponents(): HostComponents {
  return injected(hostComponentsKey)
}
