export declare const allocator: Readonly<Record<string, string>>
export declare const heap: readonly string[]
