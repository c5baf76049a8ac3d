import { fileURLToPath } from 'node:url'
import type { StorybookConfig } from '@storybook/react-vite'
import remarkGfm from 'remark-gfm'
import { defaultClientConditions, mergeConfig } from 'vite'

const inRepository = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const reactDocgenTypescriptOptions = {
  tsconfigPath: inRepository('tsconfig.json'),
  include: [inRepository('packages/react/src/**/*.tsx')],
  exclude: ['**/*.stories.tsx', '**/*.test-support.tsx'],
  // what a control offers for a union of strings
  shouldExtractLiteralValuesFromEnum: true,
  shouldRemoveUndefinedFromOptional: true,
}

const config: StorybookConfig = {
  stories: ['../pages/*.mdx', '../../../packages/{react,server}/src/**/*.stories.tsx'],
  addons: [
    // tables in the pages
    { name: '@storybook/addon-docs', options: { mdxPluginOptions: { mdxCompileOptions: { remarkPlugins: [remarkGfm] } } } },
    '@storybook/addon-a11y',
    '@storybook/addon-vitest',
  ],
  framework: '@storybook/react-vite',
  // the tables of props come from the types and their docstrings; the tests show none
  // @ts-expect-error: Storybook’s type of the options is `undefined` under NodeNext
  typescript: process.env.VITEST ? { reactDocgen: false } : { reactDocgen: 'react-docgen-typescript', reactDocgenTypescriptOptions },
  core: { disableTelemetry: true },
  viteFinal: (vite) => mergeConfig(vite, { resolve: { conditions: ['@stile/source', ...defaultClientConditions] } }),
}

export default config
