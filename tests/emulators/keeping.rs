//! Backup, restore and drill from the command line, the second store on an emulator.

use leviathan_tests::emulator::Emulator;

use crate::command_line::{Machine, there_and_back};
use crate::new_bucket;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_made_brought_up_to_date_tried_and_restored() {
    for emulator in [Emulator::ministack(), Emulator::localstack()] {
        let bucket = new_bucket(emulator).await;
        let machine = Machine::new(emulator.endpoint()).await;
        there_and_back(&machine, &format!("s3://{bucket}/backup"), |_| {}).await;
    }
}
