/** The part that the test uses; the types of the package itself are not found from here. */
declare module 'dclint' {
  export class DCLinter {
    constructor(config: { readonly rules: Readonly<Record<string, 0 | 1 | 2>>, readonly quiet: boolean, readonly debug: boolean, readonly exclude: readonly string[] })
    lintFiles(paths: readonly string[], doRecursiveSearch: boolean): Promise<{ readonly messages: readonly { readonly rule: string, readonly severity: string, readonly message: string }[] }[]>
  }
}
