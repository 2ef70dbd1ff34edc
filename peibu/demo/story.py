"""One Jiyuan class of fifty, from application to settled payment, as the real parties would play it over HTTP.

Fifty apply and two rows are refused; forty-six of forty-eight come on the opening day; the inspectors' two spot checks
average 41, below nine tenths, so the subsidy is computed on 41 although 44 are certified (JY-SUP-05, JY-CLM-10).
"""

from peibu.demo.opening import Opening
from peibu.demo.scene import Step
from peibu.demo.settlement import Settlement
from peibu.demo.training import Training


class Story(Opening, Training, Settlement):
    """The class as a list of steps; each step gives one sentence on what happened."""

    def steps(self) -> list[Step]:
        """Give the steps in order, with the titles that people see."""
        return [
            ("开班申请：计划、教学计划", self.apply),
            ("学员花名册逐行审核", self.submit_roster),
            ("提交开班申请", self.submit_class),
            ("初审、复核、人社部门意见", self.approve_class),
            ("补贴名额与预算预留", self.await_reservation),
            ("按期开班", self.open_class),
            ("签到、录像、检查", self.train),
            ("培训结束与检查意见", self.complete_training),
            ("结业考核", self.examine),
            ("取证", self.certify),
            ("补贴申领", self.claim),
            ("初审与复核", self.review_claim),
            ("公示与异议", self.publish),
            ("人社部门审核意见", self.approve_claim),
            ("拨付：银行文件、退票、重发", self.pay),
            ("异议处理后补拨", self.pay_released),
        ]
