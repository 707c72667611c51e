/**
 * White space is bounded, so that a model that falls into it comes out again: between two JSON tokens at most
 * two line ends and 64 other blanks (32 levels of two-space indentation).
 */
export const LINES_MAX = 2;
export const BLANKS_MAX = 64;
