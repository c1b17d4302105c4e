/** A map that forgets: the entry not used for longest goes first, and every entry goes after a time without use. */
export interface BoundedMemory<T> {
  /** Counts as a use. */
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  clear(): void;
}

export function createBoundedMemory<T>(limits: {
  readonly most: number;
  readonly keepMs: number;
  now(): number;
}): BoundedMemory<T> {
  const entries = new Map<string, { readonly value: T; readonly usedAt: number }>();
  const put = (key: string, value: T) => {
    entries.delete(key);
    entries.set(key, { value, usedAt: limits.now() });
  };
  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (limits.now() - entry.usedAt > limits.keepMs) {
        entries.delete(key);
        return undefined;
      }
      put(key, entry.value);
      return entry.value;
    },
    set: (key, value) => {
      put(key, value);
      if (entries.size <= limits.most) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    clear: () => entries.clear(),
  };
}
