/** The files of the demo's repository. */
export const demoFiles: Readonly<Record<string, string>> = {
  "README.md": "# Shop\n\nA demo repository.\n",
  "src/cart.txt": "cart: empty\n",
  "src/theme.txt": "color: light\n",
};

/**
 * The demo's plan: three tasks side by side and one that needs them, one that changes a line another changed too,
 * one whose check fails, and one that is skipped because of it.
 */
export const demoPlan = `version: 1
name: demo
mode: auto
concurrency: 4
defaults:
  timeout: 1m
tasks:
  - id: schema
    description: Add the cart table
    touching: [db/**]
    run: sleep 0.5 && mkdir -p db && echo 'create table cart (id integer);' > db/cart.sql
  - id: theme
    description: Make the theme darker
    touching: [src/theme.txt]
    run: sleep 0.3 && echo 'color dark' > src/theme.txt
  - id: docs
    description: Describe the cart
    touching: [docs/**]
    run: sleep 0.4 && mkdir -p docs && echo 'The cart holds products.' > docs/cart.md
  - id: contrast
    description: Also changes the theme, without saying so
    run: sleep 1 && echo 'color high-contrast' > src/theme.txt
  - id: api
    description: Serve carts
    deps: [schema, docs]
    touching: [src/api.txt]
    run: cat db/cart.sql > src/api.txt
    verify: test -s src/api.txt && test -s docs/cart.md
  - id: payments
    description: Take payments, but the check finds a mistake
    deps: [schema]
    touching: [src/payments.txt]
    run: echo 'price -1' > src/payments.txt
    verify: "! grep -n -e -1 src/payments.txt"
  - id: e2e
    description: Needs the payments
    deps: [payments, api]
    run: "true"
`;

/** How each task of the demo ends when all is well. */
export const demoEnds: Readonly<Record<string, string>> = {
  schema: "done",
  theme: "done",
  docs: "done",
  contrast: "error",
  api: "done",
  payments: "error",
  e2e: "skipped",
};
