import sys,time
t=time.process_time()
from caig_cli import cli
a=time.process_time()
c=cli.run(['generate','--product','/work/shared/exports/products/B0A000XK0.png','--prompt','a','--dry-run','--set','generate.painter=fake','--quiet'])
print(c,'import',a-t,'run',time.process_time()-a)
from collections import Counter
n=Counter(m.split('.')[0] for m in sys.modules); print(n.most_common(40))
print([m for m in sys.modules if m.startswith('scipy') and m.count('.')<2][:40])
