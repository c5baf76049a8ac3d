import { join } from 'node:path'
import { serve } from './child.ts'
import { createStile } from './stile-app.ts'

serve(async ({ directory, ...setup }) => (await createStile({ ...setup, path: join(directory, 'stile.db') })).app)
