import type { ChatMessage } from '@sparkler/api';

/** A conversation as a prompt. */
interface Encoded {
  readonly tokens: readonly number[];
}

/** Templates refuse beginnings such as an answer without a question; one of the next few is none. */
const REFUSALS_MAX = 3;

/**
 * The conversation within `tokensMax`, without as many of its oldest messages as that takes; null if even
 * its shortest form is longer. System messages and the last message stay, and results of a dropped call go
 * with it. The number to drop is searched by halving: rendering and tokenizing hold up everybody else, and a
 * thousand messages dropped one by one took half a minute.
 * @param encode null where the conversation is refused, by the template or for a length beyond all measure.
 */
export function fitConversation<E extends Encoded>(
  messages: readonly ChatMessage[],
  tokensMax: number,
  encode: (messages: readonly ChatMessage[]) => E | null,
): E | null {
  const turns = listDroppable(messages);
  let fitting: E | null = null;
  let fewest = 0;
  let most = turns.length;
  while (fewest <= most) {
    const middle = fewest === 0 ? 0 : (fewest + most) >> 1;
    let drop = middle;
    let encoded: E | null = null;
    for (; encoded === null && drop <= most && drop < middle + REFUSALS_MAX; drop++) {
      encoded = encode(withoutTurns(messages, turns.slice(0, drop)));
    }
    if (encoded !== null && encoded.tokens.length <= tokensMax) {
      fitting = encoded;
      most = middle - 1;
    } else {
      fewest = drop;
    }
  }
  return fitting;
}

/** Messages that may go, each with the results that follow it, as places; oldest first. */
function listDroppable(messages: readonly ChatMessage[]): number[][] {
  const turns: number[][] = [];
  let open: number[] | null = null;
  for (let place = 0; place < messages.length - 1; place++) {
    const { role } = messages[place]!;
    if (role === 'system' || role === 'developer') {
      open = null;
    } else if (open !== null && (role === 'tool' || role === 'function')) {
      open.push(place);
    } else {
      open = [place];
      turns.push(open);
    }
  }
  return turns;
}

function withoutTurns(messages: readonly ChatMessage[], turns: readonly number[][]): readonly ChatMessage[] {
  const dropped = new Set(turns.flat());
  return dropped.size === 0 ? messages : messages.filter((_, place) => !dropped.has(place));
}
