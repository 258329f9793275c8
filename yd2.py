import sys,traceback,time
class F:
    def find_spec(self,name,path=None,target=None):
        if name in('torch','transformers','mitsuba'):
            print('IMPORT',name,round(time.process_time(),1)); print(''.join(l for l in traceback.format_stack(limit=60) if 'caig_cli' in l)[-1600:])
        return None
sys.meta_path.insert(0,F())
from caig_cli import cli
c=cli.run(['generate','--product','bad.jpg','--out','/work/scratch-logs/gp/ydo','--overwrite'])
print(c,time.process_time())
