export { CONFIG_FILES, ConfigFileError, type LoadedConfig, loadConfigFile, loadDocument, pathFrom } from './config-file.ts'
export { type CliContext, CliError } from './context.ts'
export { loadPolicy } from './policy.ts'
export { runCli } from './program.ts'
