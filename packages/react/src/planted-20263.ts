export * from '@stile/policy'
