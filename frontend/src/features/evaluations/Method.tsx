import classes from "@/features/evaluations/Results.module.css";
import { Section } from "@/ui/Page";

/** What the numbers are, for those who will cite them. */
export function Method() {
  return (
    <Section title="How this is worked out">
      <div className={classes.method}>
        <p>
          Of each labeler and task the latest revision counts. Answers that were undone and archived prompts
          are left out. A source’s response beats another’s where it has the higher rank; ties count one half.
        </p>
        <p>
          Intervals are at 95 % with prompts as clusters, because the answers to one prompt are not
          independent. Rates have Wilson’s interval over the effective number of answers (Kish’s design
          effect), means have Student’s with the cluster-robust variance (Cameron and Miller 2015) and one
          degree of freedom less than there are prompts. Agreement is over pairs of sources that both labelers
          of a prompt put in an order, each prompt weighing alike.
        </p>
      </div>
    </Section>
  );
}
