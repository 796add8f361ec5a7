/** For tools that do not read Vue's single-file components; vue-tsc knows each one's own type. */
declare module '*.vue' {
  import type { DefineComponent } from 'vue'

  const component: DefineComponent
  export default component
}
