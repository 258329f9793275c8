import sys,builtins,traceback
seen={}
orig=builtins.__import__
W=('scipy.sparse','scipy.linalg','scipy.special','charset_normalizer','unittest','email.message','scipy.ndimage','concurrent.futures','http.client','zoneinfo')
def imp(name,g=None,l=None,f=(),lv=0):
    before={w for w in W if w in sys.modules}
    r=orig(name,g,l,f,lv)
    for w in W:
        if w in sys.modules and w not in before and w not in seen: seen[w]=(g or {}).get('__name__')
    return r
builtins.__import__=imp
from caig_cli import cli
cli.run(['generate','--product','/work/shared/exports/products/B0A000XK0.png','--prompt','a','--dry-run','--set','generate.painter=fake','--quiet'])
print(seen)
