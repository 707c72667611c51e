import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../packages/grammar/fixtures/gbnf/', import.meta.url);

/** llama.cpp's samples, the guide's classes, and grammars with recursion, counts and all of Unicode. */
export const GRAMMARS: readonly string[] = [
  ...readdirSync(folder)
    .filter((name) => name.endsWith('.gbnf'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8')),
  'root ::= "arthritis" | "dengue" | "urinary tract infection" | "impetigo" | "cervical spondylosis"',
  'root ::= "yes" | "no" " "? "way"',
  'root ::= [0-9]{4} "-" [0-9]{2} "-" [0-9]{2}',
  'root ::= ("- " item){1,3}\nitem ::= [^\\n]{1,8} "\\n"',
  'root ::= sum\nsum ::= sum [+-] product | product\nproduct ::= product "*" digit | digit\ndigit ::= [0-9]',
  'root ::= pair\npair ::= "(" pair? ")" | "[" pair? "]"',
  'root ::= "a" root "b" | ""',
  'root ::= [あ-ん]{1,4} "。" [\\U0001F600-\\U0001F64F]?',
  'root ::= .{3}',
  'root ::= [^a-z\\n]{1,6}',
  'root ::= key ("&" key)*\nkey ::= [a-z]{1,3} "=" ([a-z0-9] | "%" [0-9A-F]{2}){1,4}',
  'root ::= "<" name ">" text "</" name ">"\nname ::= [a-z]{1,3}\ntext ::= [^<]{0,10}',
];
