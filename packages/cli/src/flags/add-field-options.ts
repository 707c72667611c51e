import { type Command, Option } from 'commander';
import type { FieldFlag } from './derive-flags.ts';

/** Adds a flag for each field. Booleans may be given alone, or with =false. */
export function addFieldOptions(command: Command, fields: readonly FieldFlag[]): void {
  const taken = new Set(command.options.map((option) => option.long));
  for (const field of fields) {
    const long = `--${field.name}`;
    if (taken.has(long)) continue;
    const choices = field.choices === null ? '' : `one of ${field.choices.slice(0, 12).join(', ')}`;
    const description = [field.isRequired ? '(required)' : '', field.description, choices]
      .filter(Boolean)
      .join(' ');
    const value = field.type === 'bool' ? '[bool]' : `<${field.type}>`;
    const option = new Option(`${long} ${value}`, description);
    // Lists may be given with commas, or by repeating the flag.
    if (field.type === 'strings')
      option.argParser((text: string, before: string | undefined) =>
        [before, text].filter(Boolean).join(','),
      );
    command.addOption(option);
  }
}
