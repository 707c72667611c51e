/** One page of a list, and the way to the next ones: `for await (const item of page)` walks them all. */
export class Page<Item> implements AsyncIterable<Item> {
  readonly items: readonly Item[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
  /** Of all pages, as far as the server counts them. */
  readonly totalSize: number | null;
  readonly #fetchPage: (pageToken: string) => Promise<Page<Item>>;

  constructor(
    items: readonly Item[],
    nextPageToken: string,
    totalSize: number | null,
    fetchPage: (pageToken: string) => Promise<Page<Item>>,
  ) {
    this.items = items;
    this.nextPageToken = nextPageToken;
    this.totalSize = totalSize;
    this.#fetchPage = fetchPage;
  }

  /** The next page, or null after the last. */
  async next(): Promise<Page<Item> | null> {
    return this.nextPageToken === '' ? null : this.#fetchPage(this.nextPageToken);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Item> {
    for (let page: Page<Item> | null = this; page !== null; page = await page.next()) yield* page.items;
  }
}

/** A list call: awaited it is the first page, iterated it is every item. */
export class PagePromise<Item> implements PromiseLike<Page<Item>>, AsyncIterable<Item> {
  readonly #fetchFirst: () => Promise<Page<Item>>;
  #first: Promise<Page<Item>> | null = null;

  constructor(fetchFirst: () => Promise<Page<Item>>) {
    this.#fetchFirst = fetchFirst;
  }

  // biome-ignore lint/suspicious/noThenProperty: being awaitable is the point.
  then<Result = Page<Item>, Failure = never>(
    onFulfilled?: ((page: Page<Item>) => Result | PromiseLike<Result>) | null,
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    this.#first ??= this.#fetchFirst();
    return this.#first.then(onFulfilled, onRejected);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Item> {
    yield* await this;
  }
}
