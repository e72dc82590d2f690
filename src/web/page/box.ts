/** A value that views look at and are drawn again for when what they look at has changed. */
import { useEffect, useReducer, useRef } from "preact/hooks";

export interface Box<T> {
  get(): T;
  set(value: T): void;
  subscribe(listener: () => void): () => void;
}

export function box<T>(value: T): Box<T> {
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** `select` gives the same value (by identity) as long as nothing it is about has changed. */
export function useBox<T, V>(from: Box<T>, select: (value: T) => V): V {
  const [, drawAgain] = useReducer((n: number, _: undefined) => n + 1, 0);
  const value = select(from.get());
  const last = useRef({ select, value });
  last.current = { select, value };
  useEffect(() => {
    const look = () => {
      if (!Object.is(last.current.select(from.get()), last.current.value)) drawAgain(undefined);
    };
    look();
    return from.subscribe(look);
  }, [from]);
  return value;
}

export const useAll = <T>(from: Box<T>): T => useBox(from, (value) => value);
