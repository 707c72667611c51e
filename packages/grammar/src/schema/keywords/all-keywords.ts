import type { Keyword } from '../keyword.ts';
import { constKeyword, enumKeyword, typeKeyword } from './any-value.ts';
import {
  allOfKeyword,
  anyOfKeyword,
  dynamicRefKeyword,
  ifKeyword,
  notKeyword,
  oneOfKeyword,
  refKeyword,
} from './applicators.ts';
import { containsKeyword, itemsKeyword, maxItemsKeyword, minItemsKeyword } from './arrays.ts';
import {
  exclusiveMaximumKeyword,
  exclusiveMinimumKeyword,
  maximumKeyword,
  minimumKeyword,
  multipleOfKeyword,
} from './numbers.ts';
import {
  dependentRequiredKeyword,
  dependentSchemasKeyword,
  maxPropertiesKeyword,
  minPropertiesKeyword,
  propertiesKeyword,
  propertyNamesKeyword,
  requiredKeyword,
} from './objects.ts';
import {
  contentKeyword,
  formatKeyword,
  maxLengthKeyword,
  minLengthKeyword,
  patternKeyword,
} from './strings.ts';
import { uniqueItemsKeyword } from './unique-items.ts';

/** In the order that keeps intersections small: what narrows most comes first. */
export const ALL_KEYWORDS: readonly Keyword[] = [
  typeKeyword,
  constKeyword,
  enumKeyword,
  minimumKeyword,
  maximumKeyword,
  exclusiveMinimumKeyword,
  exclusiveMaximumKeyword,
  multipleOfKeyword,
  minLengthKeyword,
  maxLengthKeyword,
  patternKeyword,
  formatKeyword,
  contentKeyword,
  requiredKeyword,
  propertiesKeyword,
  propertyNamesKeyword,
  minPropertiesKeyword,
  maxPropertiesKeyword,
  dependentRequiredKeyword,
  itemsKeyword,
  minItemsKeyword,
  maxItemsKeyword,
  uniqueItemsKeyword,
  containsKeyword,
  refKeyword,
  dynamicRefKeyword,
  allOfKeyword,
  dependentSchemasKeyword,
  ifKeyword,
  notKeyword,
  oneOfKeyword,
  anyOfKeyword,
];
