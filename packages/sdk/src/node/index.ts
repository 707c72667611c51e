export { type FileSink, openFileSink } from './file-sink.ts';
export { fileSource } from './file-source.ts';
export { type LocalFile, listFolder } from './list-folder.ts';
export { streamPut } from './stream-put.ts';
export { downloadFiles, type FilesOptions, uploadFiles } from './transfer-files.ts';
