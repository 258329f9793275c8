import cProfile,pstats,sys
from caig_cli import cli
p=cProfile.Profile(); p.enable()
cli.run(['generate','--product','/work/shared/cases/yaml-deep/r.yaml','--set','generate.painter=fake','--out','/work/scratch-logs/gp/ydo','--overwrite','--dry-run'])
p.disable(); pstats.Stats(p).sort_stats('cumtime').print_stats(28)
