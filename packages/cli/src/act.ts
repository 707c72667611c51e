import type { Command } from 'commander';
import type { Session } from './session.ts';

/** Makes what a command does into what commander calls: the session comes first, then arguments and flags. */
// biome-ignore lint/suspicious/noExplicitAny: commander hands arguments, flags and the command, untyped.
export type Act = (run: (session: Session, ...args: any[]) => unknown) => (...args: any[]) => Promise<void>;

/** Adds a group of commands. `makeWhole` gives the tree with all groups, for what looks at all of it. */
export type AddCommands = (program: Command, act: Act, makeWhole: () => Promise<Command>) => void;

export const version = '0.1.0';
