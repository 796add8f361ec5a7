/** What this page is told to do without, as another version of Datashare might: `?without=registerWidget&without=search:before`. */
const names = new Set(new URLSearchParams(location.search).getAll('without'))

/** By the name of a hook, a component's path, a store, or a part of the core. */
export const lacks = (name: string): boolean => names.has(name)
