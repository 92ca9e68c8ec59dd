const KEY = "kurto.token";

/** Where the bearer token is kept: for this tab only. */
export interface TokenKeeper {
  read(): string;
  write(token: string): void;
}

/** Keep the token in a web storage; a page that may not store keeps it in memory. */
export function tokenKeeper(storage: () => Storage): TokenKeeper {
  let memory = "";
  return {
    read() {
      try {
        return storage().getItem(KEY) ?? memory;
      } catch {
        return memory;
      }
    },
    write(token) {
      memory = token;
      try {
        if (token) storage().setItem(KEY, token);
        else storage().removeItem(KEY);
      } catch {
        // Storage is refused by the browser's settings: memory has to do.
      }
    },
  };
}
