import { configure } from 'storybook/test'
import { LIMITS } from '../limits.ts'

// what a story looks for may take longer to be drawn on a busy machine
configure({ asyncUtilTimeout: LIMITS.wait })
