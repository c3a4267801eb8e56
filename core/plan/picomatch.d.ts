declare module "picomatch" {
  interface Options {
    readonly dot?: boolean;
    readonly nocase?: boolean;
    readonly noextglob?: boolean;
    readonly nonegate?: boolean;
    readonly posix?: boolean;
    readonly windows?: boolean;
  }
  export default function picomatch(
    glob: string | readonly string[],
    options?: Options,
  ): (path: string) => boolean;
}
